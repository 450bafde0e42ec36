stack "t" {}

environment "prod" {
  secrets {
    age {
      recipients = []                 # ERROR NS211: Unsupported value
      identity   = "key.txt"          # ERROR NS102: Unsupported argument
    }
    vault {                           # ERROR NS640: Two stores for one environment
    }
  }
}

environment "stage" {
  secrets "vault" {                   # ERROR NS105: Wrong number of labels
  }
}

environment "dev" {
  secrets {
    exec {
      command = "pass show 'a b'"     # ERROR NS644: Store behind a shell
    }
  }
  secrets {                           # ERROR NS106: Duplicate block
  }
}

environment "test" {
  secrets {
    kubernetes {                      # ERROR NS103: Missing argument
      form = "ExternalSecret"
    }
  }
}

environment "k8s" {
  secrets {
    kubernetes {
      path = "shop"                   # ERROR NS113: Conflicting arguments
    }
  }
}

environment "cloud" {
  secrets {
    backend = "vault"                 # ERROR NS102: Unsupported argument
    vault {                           # ERROR NS103: Missing argument
      auth    = "ldap"                # ERROR NS211: Unsupported value
      timeout = "10m"                 # ERROR NS212: Number out of range
    }
  }
}
