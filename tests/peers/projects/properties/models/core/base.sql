{{ config(meta={'level': 'file', 'in_file': true}, tags='file', post_hook="select 9") }}
select 1 as id, 'x' as name, {{ var('nested')['a'] }} as n
