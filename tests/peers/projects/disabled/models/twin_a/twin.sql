{{ config(enabled=true) }}
select 'a' as twin
