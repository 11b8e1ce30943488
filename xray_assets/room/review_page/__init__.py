"""The review page: a reader, a film, a read. `routes` is what the browser asks; its scripts are in
`static/review`. Not here: which film, whose lease, what a read means (`reading/`).
"""
