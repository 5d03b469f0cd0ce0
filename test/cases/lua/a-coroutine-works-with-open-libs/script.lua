local next = coroutine.wrap(function() for _, condition in ipairs(obj.status.conditions) do coroutine.yield(condition.type) end end)
return { status = "Healthy", message = next() .. next() }
