"""The lineage, one module a stage, in order: images, metadata, classifiers, endpoint, predictions,
feedback, performance, promotion.

Each asset stands with its checks; its body is a few lines around one pure function. No maths, SQL
or client belongs here.
"""
