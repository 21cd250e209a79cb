{% if is_new %}
create or replace table {{ target }} as
{% else %}
insert into {{ target }} ({{ column_list('') }})
{% endif %}
{% if stage %}
select {{ column_list('') }} from {{ stage }}
{% if deleted %}
where not {{ is_deleted('') }}
{% endif %}
{% elif extras %}
{{ incoming(false) }}
{% else %}
select {{ column_list('') }} from ({{ incoming(false) }})
{% endif %}
