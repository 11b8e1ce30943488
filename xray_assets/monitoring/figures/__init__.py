"""What is shown of each judged day and never acts: profiles of its columns, classical figures of
drift, and performance as estimated without truth. Which figures: `statistics/drift/`.
"""
