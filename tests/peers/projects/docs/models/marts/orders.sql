{{ config(meta={'level': 'model', 'extra': [1, 2]}, tags='own') }}
select 1 as id, 10.5 as amount
