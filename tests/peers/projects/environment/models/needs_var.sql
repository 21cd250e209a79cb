{{ config(enabled=var('needed', none) is not none) }}
select {{ var('needed') }} as needed
