{{ config(database='second', enabled=(target.name == 'prod')) }}
select 1 as id
