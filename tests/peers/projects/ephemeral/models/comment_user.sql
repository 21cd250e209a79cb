/* with x as ( */
-- with y as (select 1)
select id, 'with' as word from {{ ref('first') }}
