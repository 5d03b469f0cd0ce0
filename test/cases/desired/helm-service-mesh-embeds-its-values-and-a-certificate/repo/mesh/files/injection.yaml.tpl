policy: enabled
template: |
  spec:
    containers:
    - name: proxy
      image: "[[ .hub ]]/{{ "{{" }} .ProxyImage {{ "}}" }}"
