delete from {{ target }} as old where not exists (select 1 from {{ stage }} as new where {{ same_keys('old', 'new') }})
