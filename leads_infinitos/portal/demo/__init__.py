"""The main job from start to finish, on a temporary database, through the same doors that customers use."""
