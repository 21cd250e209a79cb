select 1 as a,
  {% set x %}block
 text{% endset %}
  '{{ x | replace("\n", " ") }}' as b,
  '{{ ["a",
       "b"] | join(
       "+") }}' as c
