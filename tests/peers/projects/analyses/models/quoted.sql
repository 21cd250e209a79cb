{{ config(quoting={'identifier': true}, alias='Quoted Name', schema='Odd') }}
select 1 as "Mixed Case", 2 as "select"
