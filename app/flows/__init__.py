"""What a person does: one file a verb. Flows never import each other."""
