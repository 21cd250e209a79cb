{{ config(alias='third_alias') }}
select a.id, b.v from {{ ref('first') }} a join {{ ref('second') }} b on b.id = a.id * 10
