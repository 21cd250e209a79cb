{% if execute %}{{ exceptions.raise_compiler_error('only at run time: ' ~ model.name) }}{% endif %}
select 1 as id
