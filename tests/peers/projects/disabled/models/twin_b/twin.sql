{{ config(enabled=false) }}
select 'b' as twin
