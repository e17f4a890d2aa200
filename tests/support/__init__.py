"""What the tests of several folders share; helpers of one folder stand next to its tests."""
