delete from {{ target }} where
{% for f in dropped_files %}
{{ '' if loop.first else 'or ' }}_weir_source_file = {{ literal(f.name) }} or starts_with(_weir_source_file, {{ literal(f.name ~ '/') }})
{% endfor %}
