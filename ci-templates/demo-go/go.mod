module example.com/tagd

go 1.21
