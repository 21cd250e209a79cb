{% test row_count_at_least(model, minimum) %}
{{ config(fail_calc='coalesce(max(missing), 0)', warn_if='>0') }}
select {{ minimum }} - count(*) as missing
from {{ model }}
having count(*) < {{ minimum }}
{% endtest %}
