local text = string.format("%d %d %s %s %5.1f|%5s|%%|%x", 3.0, 7 / 2, 8 / 2, 1.5, 2, 4 / 4, 255.0)
return { status = "Healthy", message = text .. " " .. ("%d%%"):format(100 * 3 / 4) }
