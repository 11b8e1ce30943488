"""Where films come from (folder, Kaggle, phantoms) and how they reach the image volume."""
