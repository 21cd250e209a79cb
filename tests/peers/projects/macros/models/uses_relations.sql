{% set rel = ref('base') %}
{% set cols = adapter.get_columns_in_relation(rel) if execute else [] %}
{% set missing = adapter.get_relation(database=rel.database, schema=rel.schema, identifier='nothing_here') %}
{% set found = load_relation(rel) %}
{% set made = api.Relation.create(database='d', schema='s', identifier='i', type='view') %}
select '{{ cols | map(attribute="name") | join(",") }}' as names, '{{ cols | map(attribute="data_type") | join(",") }}' as types,
    '{{ missing is none }}' as is_missing, '{{ found.type if found else "parse" }}' as kind,
    '{{ rel.identifier }}/{{ rel.schema }}/{{ rel.database }}/{{ rel.name }}' as parts,
    '{{ made }}' as made, '{{ made.include(database=false) }}' as less, '{{ made.quote(identifier=false) }}' as unquoted,
    '{{ adapter.quote("x y") }}' as quoted, '{{ rel.is_table }}{{ made.is_view }}' as flags
from {{ rel }} limit 1
