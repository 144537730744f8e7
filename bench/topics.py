"""Topics of a made-up course, in our own words: what its slides, its lecturer and its students say.

Slides say little, the lecturer five times as much. Figures are pages with numbers on axes, whose point is only spoken.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """One topic. `heard`: its name as recognition of speech, or a hasty student, spells it.

    `lines` stand on the slide. `asked` paraphrases them without the name. `drawn` is said while the figure is up, and
    `asked_of_figure` is about that alone.
    """

    name: str
    heard: str
    lines: tuple[str, str, str]
    asked: str
    drawn: str
    asked_of_figure: str


TOPICS = (
    Topic("aliasing", "alliasing",
          ("A signal sampled too slowly looks like a slower one", "Frequencies above half the rate fold back",
           "A low-pass filter comes before the sampler"),
          "Why does a wheel filmed at few pictures a second seem to turn backwards?",
          "the dotted line through the sparse points swings five times where the solid one swings forty times",
          "In the drawing, how often does the dotted line swing compared with the solid one?"),
    Topic("convolution", "convulution",
          ("Slide one function over the other and add the products", "In the frequency domain it is a product",
           "The order of the two does not matter"),
          "What happens when every value is replaced by a weighted sum of its surroundings?",
          "the two boxes meet and their overlap grows into a triangle whose peak stands above the middle",
          "Which shape comes out when the two boxes in the plot overlap?"),
    Topic("autocorrelation", "auto correlation of",
          ("Compare a series with itself some steps later", "Peaks show after how many steps it repeats",
           "White noise has none beyond step zero"),
          "How can one find out after how many days a record of temperatures repeats itself?",
          "the bars stay inside the blue band except at twelve and at twenty-four, which are the months",
          "At which lags do the bars leave the blue band?"),
    Topic("heteroscedasticity", "hetero skedasticity",
          ("The spread of the errors changes with the predictor", "Estimates stay right, their standard errors do not",
           "A funnel of residuals gives it away"),
          "What is wrong when predictions of large incomes miss by far more than those of small ones?",
          "the cloud is narrow at the left and opens to the right like a trumpet",
          "To which side does the cloud in the picture open?"),
    Topic("bootstrap", "boot strap ping",
          ("Draw from the sample with replacement", "Repeat and look at how the estimate varies",
           "No formula for the distribution is needed"),
          "How can I tell the uncertainty of a median from a single set of forty numbers?",
          "the grey histogram of a thousand medians has two humps because the sample has a gap",
          "Why does the grey histogram have two humps?"),
    Topic("overfitting", "over fidding",
          ("The model learns the noise of the training data", "Error on new data grows while training error falls",
           "Fewer parameters or more data help"),
          "Why does a curve through all of the points predict tomorrow so badly?",
          "the red curve turns upwards after the ninth degree while the green one goes on down to zero",
          "After which degree does the red curve turn upwards?"),
    Topic("regularisation", "regular is nation",
          ("Add a penalty for large coefficients", "The ridge shrinks them, the lasso sets some to zero",
           "Its strength is chosen by validation"),
          "How does one keep the weights small so that the prediction gets steadier?",
          "from right to left the paths leave zero one after another, first income, then age, last of all height",
          "Which path is the last to leave zero?"),
    Topic("likelihood", "like lihood",
          ("How probable the data are for each parameter", "Its maximum is the usual estimate",
           "It is no distribution of the parameter"),
          "Which value of the coin's bias makes seven heads in ten throws the least surprising?",
          "the hill has its top at nought point seven and is wider at the left than at the right",
          "Where does the hill have its top?"),
    Topic("Markov chain", "mark of chain",
          ("The next state depends on the present one alone", "Transition probabilities form a matrix",
           "After long it forgets where it began"),
          "What describes a process whose future does not care how it came to be where it is?",
          "arrows lead from rain to sun and back, but there is none from snow to sun",
          "Between which two states is there no arrow?"),
    Topic("entropy", "entropie",
          ("The mean number of yes or no questions", "Largest when all outcomes are as likely",
           "Zero when the outcome is certain"),
          "How many bits does one need on average to tell which of the unequal events took place?",
          "the arch begins at zero, reaches one bit above one half and comes down in the same way",
          "How high is the arch above one half?"),
    Topic("eigenvector", "I gan vector",
          ("A direction that the matrix only stretches", "The factor of stretching is its value",
           "Symmetric matrices have orthogonal ones"),
          "Along which arrows does a linear map leave the direction as it was?",
          "of the eight arrows two stay on their lines, the purple and the orange, all others turn",
          "Which colours have the arrows that stay on their lines?"),
    Topic("gradient descent", "gradient decent",
          ("Step against the slope", "The step size decides between crawling and jumping",
           "Narrow valleys make it zigzag"),
          "How does one get to the bottom of an error surface when only its steepness here is known?",
          "the zigzag has eleven corners before it reaches the inner ellipse",
          "How many corners does the path have before the inner ellipse?"),
    Topic("hash table", "hush table",
          ("A function of the key gives the place", "Two keys at one place are a collision",
           "Look-up takes constant time on average"),
          "How can an entry be found at once, whatever the number of entries?",
          "the third bucket has a tail of four boxes while two others are empty",
          "Which bucket has a tail of four boxes?"),
    Topic("binary search", "binary church",
          ("Halve a sorted range at each step", "A million entries take twenty steps",
           "The range must be sorted before"),
          "What is the quickest way to find a name in an ordered list by looking in the middle?",
          "the shaded part shrinks from sixteen cells to eight, then four, then the two at the right end",
          "Where do the last two shaded cells lie?"),
    Topic("photosynthesis", "photo synthesis is",
          ("Light, water and carbon dioxide become sugar", "Oxygen leaves the leaf",
           "It happens in the chloroplasts"),
          "Where do plants take what they are built of, and what do they breathe out by day?",
          "the line rises until four hundred and then stays flat, since the enzyme is saturated",
          "From which value on does the line stay flat?"),
    Topic("inflation", "in flation",
          ("The general level of prices rises", "The same money buys less", "Central banks aim at two per cent"),
          "Why can I buy less bread with the same salary ten years later?",
          "the dashed forecast leaves the solid line in the spring of the third year and never meets it again",
          "When does the dashed forecast leave the solid line?"),
)  # fmt: skip

TALK = (
    "So what we want to look at now is {name}, and I would like you to keep in mind that {line}.",
    "People often ask me what {name} is good for, and the answer that I usually give is that {line}.",
    "If you remember only one thing about this from today, let it be this: {line}.",
    "Last week somebody asked why we need it when we have {other}, and that is a good question.",
    "In the exercises you will see this again, and what you have to show there is that {line}.",
    "I do not want to go through the whole proof here, it is in the notes, but the idea is quite simple.",
    "Let me say it once more in other words, because this comes up in the exam every single year.",
    "When we compare this with {other}, we see that the two have more to do with each other than one would think.",
    "So suppose that you have your data in front of you and you want to know how this works out in practice.",
    "Now, what happens here, and why does it happen? Well, {line}, and that is really all there is to it.",
    "Can everybody at the back read this? Good, then let us go on with the second part of the same story.",
    "The important word on this slide is {name}, and the other words only say under which conditions it holds.",
    "We will need {name} once more in the last chapter, together with {other}, so please do not forget it.",
    "That is also how it is done in the software that you have installed, one call and you get the result.",
)
