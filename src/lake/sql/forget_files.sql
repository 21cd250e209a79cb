delete from {{ files_table }} where resource = {{ literal(resource) }} and name in (
{% for f in loaded_files %}{{ literal(f.name) }}{{ '' if loop.last else ', ' }}{% endfor %})
