/* block {{ 1 + 1 }} */ -- line {{ "x" }}
{# jinja {{ ref('nothing') }} comment #}
select 1 as id -- {{ 'last' }}
