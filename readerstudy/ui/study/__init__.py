"""The reader's pages: joining, the quiz, own result and rights."""
