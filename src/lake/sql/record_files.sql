insert into {{ files_table }} values
{% for f in loaded_files %}
({{ literal(resource) }}, {{ literal(f.name) }}, {{ f.size if f.get('size') is number else 'null' }}, {{ literal(f.etag) if f.get('etag') else 'null' }}, {{ f.modified_at_us if f.get('modified_at_us') is number else 'null' }}, {{ literal(load_id) }}, {{ instant(now_us) }}){{ '' if loop.last else ',' }}
{% endfor %}
