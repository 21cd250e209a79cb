

   {%- set a = 1 -%}
   {%- set b = 2 %}

select  {{ a }}   as a,	{{ b }} as b
    {#- gone -#}
    , {% if a == 1 -%}   3   {%- else -%} 4 {%- endif %} as c

