update {{ target }} as old set _weir_valid_to = {{ instant(loaded_at_us) }}
where old._weir_valid_to is null and not exists (select 1 from {{ stage }} as new where {{ same_keys('old', 'new') }})
