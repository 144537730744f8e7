-- What a lecture's alignment with slides was made from, so that it is made again when a deck of it changes, and only then.
create table lecture_alignments (
    lecture_id uuid primary key references lectures on delete cascade,
    recipe text not null,
    deck_sha256s text[] not null,
    made_at timestamptz not null default now()
);
comment on column lecture_alignments.recipe is 'hash of the words, the slides and the code; the same recipe gives the same spans';
comment on column lecture_alignments.deck_sha256s is 'the uploads of the decks whose slides were compared';
