package server_test

import (
	"os"
	"testing"

	"github.com/switchhook/switchhook/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }
