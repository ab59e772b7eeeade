"""Train the intents: what we believe of each cue beforehand, and labelled texts to correct the belief."""

from __future__ import annotations

import numpy as np

from listener.understanding import intents
from listener.understanding.fit import Vector

PRIOR = {
    "question": """
        bias -3, mark 3.5, opens 2, q_open 0.8, q_ask 2.2, rhetoric -1.5, more q_open 0.3, ordered 1
    """,
    "complaint": """
        bias -3.2, negative 3, positive -2, problem 1.5, waiting 1.5, no_answer 1.5, rude 1.2, repeat 0.6,
        money 0.5, churn 0.5, direct 0.4, privacy 0.8, fraud 0.6, legal 0.6, safety 0.6, news -1, spam -1.5,
        job -1.5, idea -0.6, me 0.3, more problem 0.4, more rude 0.3
    """,
    "compliment": """
        bias -3.6, positive 3.6, negative -2, praise 1.8, thanks 0.5, spam -1.5, job -1.5, news -0.8, more
        praise 0.5, q_open -0.8, idea -0.8, no_thanks -0.7, mark -0.8
    """,
    "purchase": """
        bias -3.2, purchase 3, more purchase 0.8, bought -0.8, spam -1.5, news -1, job -1.5
    """,
    "churn": """
        bias -3.4, churn 3.4, more churn 0.8, stay -2.5, negative 1, positive -0.8, job -1, news -1.5
    """,
    "idea": """
        bias -3.2, idea 2.8, more idea 1.2, rude -0.5, spam -1.5, job -1.5
    """,
    "error": """
        bias -3.8, error 3, more error 1.2, spam -1
    """,
    "outage": """
        bias -3.6, outage 2.8, more outage 1.2, not_outage -2.5, spam -1, job -2, positive -1
    """,
    "thanks": """
        bias -3.2, thanks 4.4, no_thanks -3, spam -0.5, negative -0.6
    """,
    "news": """
        bias -3.6, news 2, more news 1, me -1.5, you -1.5, link 0.8, mark -1, negative -0.5, job -1
    """,
    "job": """
        bias -4, job 2.4, more job 1.4, my_job -2.5, link 0.3
    """,
    "spam": """
        bias -4, spam 1.6, more spam 1.4, link 1, exclamation 0.3, problem -1, direct -0.3, me -0.4
    """,
}
"""What a feature is worth to an intent before any labelled text is seen (log-odds)."""


def prior() -> Vector:
    """The intent table before training, a column an intent."""
    table = np.zeros((len(intents.FEATURES), len(intents.INTENTS)))
    for at, name in enumerate(intents.INTENTS):
        for belief in " ".join(PRIOR[name].split()).split(","):
            feature, _, value = belief.strip().rpartition(" ")
            table[intents.FEATURES.index(feature), at] = float(value)
    return table
