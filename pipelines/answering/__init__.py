"""Answers to questions: prompts, the model's stream, citations that hold, and quoting without a model.

No HTTP here: the service, the command line and notebooks read the same answers.
"""
