"""Which cases are read: the chance of each, its draw, and where its reads stand.

What an experiment freezes and a morning's floor are in `policy`, orders as rows of
gold.review_policy in `orders` and their writing in `ordering`, the draw in `draws`, the states in
`states`. Not here: how a case is read (`reading/`) and which truth its reads agree on
(`feedback/truth/consensus.py`).
"""
