{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "json-by-another-name"}}
