insert into {{ target }} ({{ column_list('') }})
select {{ column_list('new.') }} from {{ stage }} as new
where not exists (select 1 from {{ target }} as old where old._weir_valid_to is null and {{ same_keys('old', 'new') }})
