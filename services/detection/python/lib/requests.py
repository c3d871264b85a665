raise ImportError("requests is not there: detections have no network; enrichment asks other services, after a match")
