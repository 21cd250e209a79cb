{% if execute %}{% set r = run_query('select * from not_there') %}{% endif %}
select 1 as id
