// s.yaml is two folders up
