"""What may go in to the language model, and what of its reply may come out.

`question.py`: is it a question at all. `normalise.py`: one spelling for what was written to hide.
`terms.py`, `matching.py`: the lists in `terms/`. `classifier.py`: a second opinion from a model.
`content.py`: both together, and what is done about it. `reply_check.py`: the same while a reply
is written. `care.py`: what is said to someone in need.
"""
