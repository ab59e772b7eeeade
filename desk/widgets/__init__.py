"""What stands on a screen: widgets know the nouns and post messages; none of them knows the clerk."""
