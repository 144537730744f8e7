import math
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.core.search import lexical
from pipelines.core.search.lexical import (
    MAX_QUESTION_TERMS,
    TERM_SPACE,
    Question,
    distinct_terms,
    document_weights,
    known_share,
    question_terms,
    question_weights,
    rarest_term,
    term_counts,
    trust_in_words,
    vocabulary,
)


def terms(text):
    return set(term_counts(text))


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("optimization", "Optimizations"),
        ("gradients vanish", "the vanishing gradient"),
        ("SACREBLEU", "sacreBLEU"),
        ("x_j", "xj"),
        ("mean pooling", "mean_pooling"),
        ("out of vocabulary", "out-of-vocabulary"),
        ("definition", "deﬁnition"),  # a ligature, as PDFs have them
        ("Sierpinski", "Sierpiński"),
        ("farbbar", "färbbar"),
        ("Straße", "STRASSE"),
        ("don't", "don’t"),
        ("optimisers", "optimizer"),
        ("regularisation", "regularization"),
        ("behavioural neighbourhoods", "behavioral neighborhood"),
        ("modelling", "model"),
    ],
)
def test_words_meet_across_forms_spellings_and_identifiers(asked, written):
    assert terms(asked) <= terms(written)
    assert terms(asked)


def weighed(question, *chunks):
    """Each chunk's score for the question, BM25 with the words of these chunks alone."""
    known = vocabulary(chunks)
    counts = [term_counts(chunk, known) for chunk in chunks]
    asked = question_terms(question)
    found = {term: sum(term in count for count in counts) for term in asked.lookups}
    weights = question_weights(asked, found, len(chunks))
    return [sum(w * document_weights(count).get(term, 0.0) for term, w in weights.items()) for count in counts]


@pytest.mark.parametrize(
    ("asked", "right", "wrong"),
    [
        ("May homework be written in C++?", "Programs in C++ are fine", "C C C, the language C, written in C"),
        ("Is C# installed?", "C# on request", "C and C++ are there"),
        ("What about C++17?", "we use C++17", "we use C"),
        ("What does A* do?", "A* is optimal", "A search in A and B"),
        ("What is .NET?", "The .NET runtime", "a net of nodes is a net"),
        ("What does the WHO do?", "The WHO coordinates health", "who does what in health"),
        ("what does the who do", "The WHO coordinates", "nobody knows who"),
        ("What is IT?", "The IT department", "it is it"),
        ("过拟合", "模型的过拟合问题", "拟合曲线"),
        ("核函数是什么？", "支持向量机使用核函数", "目标函数"),
        ("Woehler", "Die Wöhler-Kurve", "Bericht von Wohlers"),
        ("Wöhler", "August Woehler", "Werkstoffe"),
        ("Wöhler", "Die Kurve von Wöhler", "Bericht von Wohlers"),
        ("Wo\u0308hler", "August Woehler", "Werkstoffe"),
        ("Bruecke", "die Brücke am Fluss", "Bruckner"),
        ("Schrodinger", "Schrödinger equation", "Bohr"),
        ("Was ist ein Optimierungsverfahren?", "Das Verfahren der Optimierung ist gut", "Das ist ein Haus"),
        ("Leitung", "Die Wärmeleitung ist die Leitung von Wärme", "Das Wetter ist gut"),
        ("What follows from 0,05?", "a level of 0.05", "05 and 0"),
        ("logistic regression", "model = LogisticRegression()", "model = Ridge()"),
    ],
)
def test_the_page_that_has_exactly_what_was_asked_scores_and_its_look_alike_less(asked, right, wrong):
    first, second = weighed(asked, right, wrong)
    assert first > 0
    assert first > second


def test_a_heading_in_capitals_is_no_name():
    assert not terms("WHAT IT IS AND WHO WE ARE")


def test_a_compound_is_found_by_its_part_where_the_source_has_the_part_as_a_word():
    texts = ["Die Wärmeleitung in festen Körpern", "und was eine Leitung ist, die nicht leitet"]
    assert weighed("Leitung", *texts)[0] > 0
    assert weighed("Leitung", "heat conduction Wärmeleitung", "x")[0] == 0, "no German text is taken apart"


def test_a_term_is_rare_only_among_words_that_the_course_knows():
    question = question_terms("fnord momentum")
    fnord, momentum = question.terms
    assert rarest_term(question, {fnord: 1, momentum: 60}, 100) == fnord
    assert rarest_term(question, {fnord: 1}, 100) is None, "momentum is unknown: the question may be about it"
    assert rarest_term(question, {fnord: 50, momentum: 60}, 100) is None, "both are everywhere"
    assert rarest_term(question_terms("?"), {}, 100) is None


def test_a_word_with_umlauts_is_known_in_either_spelling_and_weighs_as_one_word():
    question = question_terms("Wöhler Kurve")
    plain, curve, spelled = question.terms
    assert rarest_term(question, {spelled: 1, curve: 60}, 100) == spelled
    assert rarest_term(question, {spelled: 0, plain: 1, curve: 60}, 100) == plain
    assert rarest_term(question, {curve: 60}, 100) is None
    both = question_weights(question, {plain: 2, spelled: 2, curve: 2}, 100)
    assert both[plain] + both[spelled] == both[curve]
    assert question_weights(question, {plain: 2, curve: 2}, 100)[plain] == both[curve]


def test_identifiers_count_as_a_whole_and_in_their_parts():
    assert terms("read_csv") == terms("readcsv read csv")
    assert terms("x_j") == terms("xj")


def test_words_of_every_sentence_are_left_out_in_both_languages():
    assert not terms("What is the ... and how do you? Was ist das und wie wird es über den?")


def test_terms_are_indexes_a_sparse_vector_of_the_database_has():
    assert all(0 < term < TERM_SPACE for term in terms("every word of this sentence has its own number"))


def test_a_question_of_two_megabytes_with_nul_and_lone_surrogates_is_cut_to_its_first_terms():
    question = "\0 \ud800 " + " ".join(f"word{n}" for n in range(250_000))
    assert len(question_terms(question).terms) == MAX_QUESTION_TERMS


def test_a_term_no_chunk_has_gets_no_weight_and_a_rare_one_more_than_a_common_one():
    weights = question_weights(Question(terms=(1, 2, 3), pairs={}), {1: 90, 2: 1}, 100)
    assert set(weights) == {1, 2}
    assert weights[2] > weights[1] > 0


@given(st.text(max_size=200), st.text(max_size=200))
def test_remembered_terms_are_those_that_are_counted_of_a_title_and_of_what_stands_below_it(title, content):
    assert distinct_terms(content) == frozenset(term_counts(content))
    assert distinct_terms(title) | distinct_terms(content) == frozenset(term_counts(f"{title}\n{content}"))


def test_threads_stem_alike():
    text = " ".join(f"running{n} jumps{n} easily{n}" for n in range(300))
    lexical._terms.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: term_counts(text), range(8)))
    lexical._terms.cache_clear()
    assert all(counts == term_counts(text) for counts in found)


words = st.lists(st.sampled_from(["gradient", "slope", "curve", "learn", "rate", "zebra"]), max_size=30)


@given(st.lists(words, min_size=1, max_size=8), words)
def test_the_inner_product_is_bm25_as_the_textbook_has_it(documents, question):
    counts = [term_counts(" ".join(document)) for document in documents]
    found = {term: sum(term in count for count in counts) for term in set().union(*counts)}
    weights = question_weights(question_terms(" ".join(question)), found, len(documents))
    for document, count in zip(documents, counts, strict=True):
        sides = document_weights(count)
        inner = sum(weight * sides.get(term, 0.0) for term, weight in weights.items())
        expected = 0.0
        for word in set(question):
            tf, df = document.count(word), sum(word in other for other in documents)
            idf = math.log(1 + (len(documents) - df + 0.5) / (df + 0.5))
            length = 1 - lexical.B + lexical.B * len(document) / lexical.PIVOT_WORDS
            expected += idf * tf * (lexical.K1 + 1) / (tf + lexical.K1 * length) if tf else 0.0
        assert inner == pytest.approx(expected)


def test_the_known_share_says_how_much_of_a_question_the_course_has_words_for():
    def share(question, *known):
        asked = question_terms(question)
        has = {term for word in known for term in term_counts(word)}
        return known_share(asked, {term: 5 for term in asked.lookups if term in has}, 100)

    assert share("momentum coefficient", "momentum", "coefficient") == 1
    assert share("momentum coefficient") == 0
    assert 0.2 < share("momentum coefficient", "momentum") < 0.5  # a word that is missing is the rarest
    assert share("Wöhler", "Woehler") == share("Gradientenabstieg", "Gradient", "Abstieg") == 1
    assert share("") == 1


def test_common_words_alone_count_by_the_known_share_and_a_rare_one_counts_in_full():
    asked = question_terms("wheel filmed turning backwards")
    wheel, filmed, *_ = asked.terms
    only_common = {wheel: 40, filmed: 50}
    share = known_share(asked, only_common, 100)
    assert trust_in_words(asked, only_common, 100, power=1) == share < 0.5
    assert trust_in_words(asked, only_common, 100, power=0) == 1
    assert trust_in_words(asked, {wheel: 2, filmed: 50}, 100, power=1) == 1  # two chunks are about a wheel
    assert 0 < trust_in_words(asked, {}, 100, power=1) < 0.1
    assert trust_in_words(asked, dict.fromkeys(asked.terms, 50), 100, power=1) == 1
