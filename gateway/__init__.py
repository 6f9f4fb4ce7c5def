"""The spine: pipeline, workers, deliveries, schedule, reruns, command line."""
