{% set mat = 'view' %}
{% if true %}
    {{ config(materialized=mat) }}
{% endif %}
{{ config(tags=['a']) }}{{ config(tags=['b'], meta={'k': 1}) }}
select 1 as id
{{ config({'alias': 'late_alias'}) }}
