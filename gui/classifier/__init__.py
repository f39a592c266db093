"""The parts of the Classifier tab: curves of the three strategies, their confusions, the label budget."""
